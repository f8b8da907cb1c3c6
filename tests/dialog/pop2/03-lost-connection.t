# A lost connection and a wrong command remove nothing.
mail
Subject: stays

1
.
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C ACKD
S =0
eof
S!
open pop2 second
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C ACKD
S =0
C ACKD
S - ACKD is out of order
S!
open pop2 third
S + POP2 ...
C HELO {user} {password}
S #1
C QUIT
S + ...
S!
