# A mailbox is chosen and no message: FOLD, READ and QUIT are in order.
mail
Subject: stays

1
.
S + POP2 ...
C HELO {user} {password}
S #1
C HELO {user} {password}
S - HELO is out of order
S!
open pop2 c1
S + POP2 ...
C HELO {user} {password}
S #1
C hello {user} {password}
S - HELO is out of order
S!
open pop2 c2
S + POP2 ...
C HELO {user} {password}
S #1
C RETR
S - RETR is out of order
S!
open pop2 c3
S + POP2 ...
C HELO {user} {password}
S #1
C retrieve
S - RETR is out of order
S!
open pop2 c4
S + POP2 ...
C HELO {user} {password}
S #1
C ACKS
S - ACKS is out of order
S!
open pop2 c5
S + POP2 ...
C HELO {user} {password}
S #1
C save
S - ACKS is out of order
S!
open pop2 c6
S + POP2 ...
C HELO {user} {password}
S #1
C ACKD
S - ACKD is out of order
S!
open pop2 c7
S + POP2 ...
C HELO {user} {password}
S #1
C delete
S - ACKD is out of order
S!
open pop2 c8
S + POP2 ...
C HELO {user} {password}
S #1
C NACK
S - NACK is out of order
S!
open pop2 c9
S + POP2 ...
C HELO {user} {password}
S #1
C READ 1
S =...
C QUIT
S + ...
S!
