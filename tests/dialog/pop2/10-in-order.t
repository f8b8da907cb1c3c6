# Every command where it is in order, from each state into each.
mail
Subject: one

1
.
mail
Subject: two

2
.
S + POP2 ...
C HELO {user} {password}
S #2
C FOLD INBOX
S #2
C READ
S ={one:\d+}
C READ 2
S ={two:\d+}
C READ 3
S =0
C READ 4000000000
S =0
C READ 1
S ={one}
C FOLD INBOX
S #2
C READ 2
S ={two}
C READ
S ={two}
C RETR
S* 2
C NACK
S ={two}
C NACK
S - NACK is out of order
S!
open pop2 b
S + POP2 ...
C HELO {user} {password}
S #2
C READ 2
S ={two}
C RETR
S* 2
C ACKS
S =0
C READ
S =0
C READ 1
S ={one}
C RETR
S* 1
C ACKS
S ={two}
C QUIT
S + ...
S!
open pop2 c
S + POP2 ...
C HELO {user} {password}
S #2
C QUIT
S + ...
S!
open pop2 d
S + POP2 ...
C HELO {user} {password}
S #2
C READ 3
S =0
C RETR
S - RETR is out of order
S!
