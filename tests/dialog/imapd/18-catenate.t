# New messages out of others, and one in the place of another (RFC 4469, RFC 8508).
mail
Subject: draft
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

one
--b

two
--b--
.
S * OK ...
C a LOGIN {user} {password}
S a OK [...CATENATE REPLACE PREVIEW UNAUTHENTICATE...APPENDLIMIT=...
C b CREATE Drafts
S b OK ...
C c APPEND Drafts (\\Draft) CATENATE (URL "/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)" TEXT {6+}
C text\r\n URL "/INBOX/;UID=1/;SECTION=2")
S c OK [APPENDUID ... 1] ...
C d SELECT Drafts
S* d OK ...
C e FETCH 1 (BODY.PEEK[] PREVIEW)
S* * 1 FETCH (BODY[] {n1:\{\d+\}}
S Subject: draft
S* e OK ...
C f APPEND Drafts CATENATE (URL "/INBOX/;UID=7")
S f NO [BADURL /INBOX/;UID=7] ...
C g APPEND Drafts CATENATE (URL "/INBOX;UIDVALIDITY=1/;UID=1")
S g NO [BADURL ...
C h APPEND Drafts CATENATE (URL "imap://elsewhere/INBOX/;UID=1")
S h NO [BADURL ...
# the new one comes before the old one is said to be gone
C i REPLACE 1 Drafts (\\Draft) CATENATE (URL "/;UID=1" TEXT {4+}
C more)
S* * OK [APPENDUID ... 2] ...
S* * 1 EXPUNGE
S* i OK ...
C j UID FETCH 1:* (UID)
S * 1 FETCH (UID 2)
S j OK ...
# into another mailbox
C k UID REPLACE 2 INBOX (\\Seen) {15+}
C Subject: sent\r\n
S * OK [APPENDUID ... 2] ...
S * 1 EXPUNGE
S k OK ...
C l REPLACE 1 INBOX {3+}
C abc
S l BAD ...
C m UID REPLACE 2 Nowhere {3+}
C abc
S m NO [...
C n STATUS INBOX (MESSAGES APPENDLIMIT)
S * STATUS INBOX (MESSAGES 2 APPENDLIMIT ...)
S n OK ...
# read-only mailboxes keep what they have
C o EXAMINE INBOX
S* o OK ...
C p REPLACE 1 INBOX {3+}
C abc
S p NO [READ-ONLY] ...
C q FETCH 2 PREVIEW
S * 2 FETCH (PREVIEW "")
S q OK ...
