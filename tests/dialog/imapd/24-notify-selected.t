# NOTIFY and the selected mailbox: at once, delayed, or not at all.
mail
Subject: one

first
.
mail
Subject: two

second
.
S * OK ...
C a LOGIN {user} {password}
S a OK ...
C b SELECT INBOX
S* b OK ...
open imap other
S * OK ...
C x LOGIN {user} {password}
S x OK ...
C x SELECT INBOX
S* x OK ...
use main
# at once, with what is wanted of new messages, also their header
C c NOTIFY SET (SELECTED (MessageNew (UID BODY[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))
S c OK ...
use other
C y APPEND INBOX {16+}
C Subject: three
C
S* y OK ...
use main
S * 3 EXISTS
S * ... RECENT
S * 3 FETCH (UID {uid} BODY[HEADER.FIELDS (SUBJECT)] {...}
S Subject: three
S
S )
use other
C y STORE 3 +FLAGS (\\Deleted)
S * 3 FETCH (FLAGS (...\\Deleted...))
S y OK ...
use main
S * 3 FETCH (UID {uid} FLAGS (...\\Deleted...))
use other
C y EXPUNGE
S * 3 EXPUNGE
S y OK ...
use main
S * 3 EXPUNGE
# and in IDLE
C d IDLE
S + ...
use other
C y STORE 2 +FLAGS (\\Flagged)
S * 2 FETCH (FLAGS (...))
S y OK ...
use main
S * 2 FETCH (UID 2 FLAGS (...\\Flagged...))
C DONE
S d OK ...
# delayed: numbers stay until a command lets them change
C e NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange))
S e OK ...
use other
C y STORE 1 +FLAGS (\\Deleted)
S * 1 FETCH ...
S y OK ...
use main
S * 1 FETCH (UID 1 FLAGS (...\\Deleted...))
use other
C y EXPUNGE
S * 1 EXPUNGE
S y OK ...
C y STORE 1 -FLAGS (\\Flagged)
S * 1 FETCH ...
S y OK ...
use main
S * 2 FETCH (UID 2 FLAGS (...))
C f FETCH 2 UID
S * 2 FETCH (UID 2)
S f OK ...
C g NOOP
S * 1 EXPUNGE
S g OK ...
# not at all, but one's own
C h NOTIFY SET (PERSONAL (MessageNew MessageExpunge))
S h OK ...
use other
C y APPEND INBOX {15+}
C Subject: four
C
S* y OK ...
C y STORE 1 +FLAGS (\\Answered)
S * 1 FETCH ...
S y OK ...
use main
C i NOOP
S i OK ...
C i STORE 1 +FLAGS (\\Deleted)
S * 1 FETCH (UID 2 FLAGS (...\\Answered...\\Deleted...))
S i OK ...
C i EXPUNGE
S * 1 EXPUNGE
S i OK ...
# what has gathered is told with the next one
C j NOTIFY SET (SELECTED (MessageNew MessageExpunge))
S * 1 EXISTS
S * ... RECENT
S j OK ...
use other
C y DELETE INBOX
S* y NO ...
