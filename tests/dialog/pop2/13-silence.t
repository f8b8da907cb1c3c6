# A silent client is left without a word in every state, and nothing is deleted.
setting pop3_timeout = 1s
mail
Subject: stays

1
.
S + POP2 ...
S!
open pop2 mbox
S + POP2 ...
C HELO {user} {password}
S #1
S!
open pop2 item
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
S!
open pop2 next
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
S!
open pop2 marked
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C ACKD
S =0
C> QUI
S!
open pop2 again
S + POP2 ...
C HELO {user} {password}
S #1
C QUIT
S + ...
S!
