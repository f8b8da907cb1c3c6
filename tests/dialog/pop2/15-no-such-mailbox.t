# A login with a mailbox that is not there is refused: with "#0" a client would
# wait for its mail for ever. FOLD into nothing is an empty mailbox (RFC 937).
mail
Subject: stays

1
.
S + POP2 ...
C HELO {local}+nosuch {password}
S - There is no such mailbox
S!
open pop2 a
S + POP2 ...
C HELO {local}+nosuch@example.test {password}
S - There is no such mailbox
S!
open pop2 b
S + POP2 ...
C HELO {local}+nosuch wrong
S - Authentication failed
S!
open pop2 c
S + POP2 ...
C HELO {local}+INBOX {password}
S #1
C FOLD nosuch
S #0
C READ 1
S =0
C FOLD inbox
S #1
C QUIT
S + ...
S!
open pop2 d
S + POP2 ...
C HELO {local}+../x {password}
S - ...
S!
