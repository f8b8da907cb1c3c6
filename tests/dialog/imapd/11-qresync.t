# What a client that comes back hears, and VANISHED instead of EXPUNGE.
mail
Subject: one

first
.
mail
Subject: two

second
.
mail
Subject: three

third
.
S * OK ...
C a LOGIN {user} {password}
S a OK ...
C b ENABLE QRESYNC CONDSTORE X-NOTHING
S * ENABLED QRESYNC
S b OK ...
C c SELECT INBOX
S* c OK [READ-WRITE] ...
C d UID STORE 1,3 +FLAGS.SILENT (\\Deleted)
S * 1 FETCH (UID 1 MODSEQ (...))
S * 3 FETCH (UID 3 MODSEQ (...))
S d OK ...
C e EXPUNGE
S * VANISHED 1,3
S e OK [HIGHESTMODSEQ ...
C f UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
S * VANISHED (EARLIER) 1,3
S * 1 FETCH (UID 2 FLAGS (\\Recent) MODSEQ (...))
S f OK ...
C g UID FETCH 2:3 (FLAGS) (CHANGEDSINCE 1 VANISHED)
S * VANISHED (EARLIER) 3
S * 1 FETCH (UID 2 FLAGS (\\Recent) MODSEQ (...))
S g OK ...
C h UID FETCH 1:* (FLAGS) (CHANGEDSINCE 9223372036854775807 VANISHED)
S h OK ...
C i SELECT INBOX (QRESYNC (1 1))
S * OK [CLOSED] ...
S* i OK [READ-WRITE] ...
C j EXAMINE INBOX (QRESYNC (1 1 1:3 (1,3 1,3)))
S * OK [CLOSED] ...
S* j OK [READ-ONLY] ...
C k LOGOUT
S * BYE ...
S k OK ...
S!
