# Before HELO only HELO and QUIT are in order, under whatever name.
S + POP2 ...
C FOLD INBOX
S - FOLD is out of order
S!
open pop2 c1
S + POP2 ...
C folder INBOX
S - FOLD is out of order
S!
open pop2 c2
S + POP2 ...
C READ 1
S - READ is out of order
S!
open pop2 c3
S + POP2 ...
C retr
S - RETR is out of order
S!
open pop2 c4
S + POP2 ...
C RETRIEVE
S - RETR is out of order
S!
open pop2 c5
S + POP2 ...
C acks
S - ACKS is out of order
S!
open pop2 c6
S + POP2 ...
C SAVE
S - ACKS is out of order
S!
open pop2 c7
S + POP2 ...
C ackd
S - ACKD is out of order
S!
open pop2 c8
S + POP2 ...
C DELETE
S - ACKD is out of order
S!
open pop2 c9
S + POP2 ...
C nack
S - NACK is out of order
S!
open pop2 c10
S + POP2 ...
C QUIT
S + ...
S!
