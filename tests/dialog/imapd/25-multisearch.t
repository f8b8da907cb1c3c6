# ESEARCH in several mailboxes (RFC 7377), and what it leaves alone.
mail
Subject: one

first
.
S * OK ...
C a LOGIN {user} {password}
S a OK ...
C b CREATE Work
S b OK ...
C b CREATE Work/2026
S b OK ...
C b CREATE Work/2026/May
S b OK ...
C b CREATE Other
S b OK ...
C b SUBSCRIBE Other
S b OK ...
C b APPEND Work (\\Flagged red) {16+}
C Subject: two
C
C
S b OK [APPENDUID {w} 1] ...
C b APPEND Work/2026/May {16+}
C Subject: two
C
C
S b OK [APPENDUID {m} 1] ...
C b APPEND Other (red) {17+}
C Subject: tree
C
C
S b OK [APPENDUID {o} 1] ...
# nothing is selected
C c ESEARCH IN (personal) SUBJECT two
S * ESEARCH (TAG "c" MAILBOX Work UIDVALIDITY {w}) UID ALL 1
S * ESEARCH (TAG "c" MAILBOX Work/2026/May UIDVALIDITY {m}) UID ALL 1
S c OK ...
C d ESEARCH IN (subtree-one Work subscribed) RETURN (COUNT) ALL
S * ESEARCH (TAG "d" MAILBOX Other UIDVALIDITY {o}) UID COUNT 1
S * ESEARCH (TAG "d" MAILBOX Work UIDVALIDITY {w}) UID COUNT 1
S d OK ...
C e ESEARCH IN (mailboxes (Work Other Nowhere)) RETURN (MAX) KEYWORD red
S * ESEARCH (TAG "e" MAILBOX Other UIDVALIDITY {o}) UID MAX 1
S * ESEARCH (TAG "e" MAILBOX Work UIDVALIDITY {w}) UID MAX 1
S e OK ...
C f ESEARCH ALL
S f BAD ...
C f ESEARCH IN (selected) ALL
S f BAD ...
C f ESEARCH IN (personal) RETURN (SAVE) ALL
S f BAD ...
# what nobody has seen is recent still
C g SELECT INBOX
S* * 1 RECENT
S* g OK ...
C h ESEARCH IN (personal) RETURN (MIN) RECENT
S * ESEARCH (TAG "h" MAILBOX INBOX UIDVALIDITY {v}) UID MIN 1
S * ESEARCH (TAG "h" MAILBOX Other UIDVALIDITY {o}) UID MIN 1
S * ESEARCH (TAG "h" MAILBOX Work UIDVALIDITY {w}) UID MIN 1
S * ESEARCH (TAG "h" MAILBOX Work/2026/May UIDVALIDITY {m}) UID MIN 1
S h OK ...
C i ESEARCH RETURN (SAVE ALL) SUBJECT one
S * ESEARCH (TAG "i" MAILBOX INBOX UIDVALIDITY {v}) UID ALL 1
S i OK ...
C j FETCH $ UID
S * 1 FETCH (UID 1)
S j OK ...
C k ESEARCH IN (mailboxes INBOX) $
S * ESEARCH (TAG "k" MAILBOX INBOX UIDVALIDITY {v}) UID ALL 1
S k OK ...
C l ESEARCH IN (personal) $
S l NO [CANNOT] ...
# where the client has not heard of a message yet, it finds none
open imap other
S * OK ...
C x LOGIN {user} {password}
S x OK ...
C y SELECT Work
S* * 1 RECENT
S* y OK ...
C y APPEND INBOX {16+}
C Subject: two
C
C
S y OK ...
use main
C m ESEARCH IN (mailboxes (INBOX Work)) RETURN (COUNT) SUBJECT two
S * ESEARCH (TAG "m" MAILBOX Work UIDVALIDITY {w}) UID COUNT 1
S * 2 EXISTS
S * ... RECENT
S m OK ...
C n LOGOUT
S* n OK ...
