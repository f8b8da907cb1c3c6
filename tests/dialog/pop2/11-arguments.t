# Too many arguments and too few, and what is no number, end the session.
mail
Subject: stays

1
.
S + POP2 ...
C HELO {user} {password}
S #1
C FOLD
S - FOLD wants the name of a mailbox
S!
open pop2 a
S + POP2 ...
C HELO {user} {password}
S #1
C FOLDER  
S - FOLD wants the name of a mailbox
S!
open pop2 b
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR 1
S - RETR has no arguments
S!
open pop2 c
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C ACKS 1
S - ACKS has no arguments
S!
open pop2 d
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C ACKD 1
S - ACKD has no arguments
S!
open pop2 e
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C NACK 1
S - NACK has no arguments
S!
open pop2 f
S + POP2 ...
C HELO {user} {password}
S #1
C QUIT now
S - QUIT has no arguments
S!
open pop2 g
S + POP2 ...
C QUIT now
S - QUIT has no arguments
S!
open pop2 h
S + POP2 ...
C HELO {user} {password}
S #1
C READ one
S - READ wants a message number
S!
open pop2 i
S + POP2 ...
C HELO {user} {password}
S #1
C READ 1 1
S - READ wants a message number
S!
open pop2 j
S + POP2 ...
C HELO {user} {password}
S #1
C READ -1
S - READ wants a message number
S!
open pop2 k
S + POP2 ...
C HELO {user} {password}
S #1
C READ 4294967296
S - READ wants a message number
S!
open pop2 l
S + POP2 ...
C HELO
S - ...
S!
open pop2 m
S + POP2 ...
C HELO {user}
S - ...
S!
open pop2 n
S + POP2 ...
C 
S - Unknown command
S!
open pop2 o
S + POP2 ...
C HELO {user} {password}
S #1
C read  1 
S =...
C retr 
S* 1
C acks 
S =0
C quit 
S + ...
S!
