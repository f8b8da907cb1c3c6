# Every command of RFC 937.
mail
Subject: one

.1
.
mail
Subject: two

2
.
S + POP2 mail.example.test ...
C HELO {user} {password}
S #2
C READ
S ={one:\d+}
C RETR
S Return-Path: ...
S* .1
C NACK
S ={one}
C RETR
S Return-Path: ...
S* .1
C ACKS
S ={two:\d+}
C RETR
S* 2
C ACKD
S =0
C READ 2
S =0
C READ 1
S ={one}
C FOLD nosuch
S #0
C READ
S =0
C FOLD INBOX
S #1
C READ 1
S ={one}
C READ 2
S =0
C QUIT
S + ...
S!
