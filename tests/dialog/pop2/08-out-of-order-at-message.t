# The size of a message is said: FOLD, READ, RETR and QUIT are in order.
mail
Subject: stays

1
.
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C HELO {user} {password}
S - HELO is out of order
S!
open pop2 c1
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C hello {user} {password}
S - HELO is out of order
S!
open pop2 c2
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C ACKS
S - ACKS is out of order
S!
open pop2 c3
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C save
S - ACKS is out of order
S!
open pop2 c4
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C ACKD
S - ACKD is out of order
S!
open pop2 c5
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C delete
S - ACKD is out of order
S!
open pop2 c6
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C NACK
S - NACK is out of order
S!
open pop2 c7
S + POP2 ...
C HELO {user} {password}
S #1
C READ 1
S =...
C QUIT
S + ...
S!
