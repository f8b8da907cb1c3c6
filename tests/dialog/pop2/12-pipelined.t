# All in one packet: octet counts are exact, so replies still line up, and what
# follows the end is not looked at.
mail
Subject: one

.a
..
first
.
mail
Subject: two

second
.
S + POP2 ...
C> HELO {user} {password}\r\nREAD\r\nRETR\r\nNACK\r\nRETR\r\nACKS\r\nRETR\nACKD\nREAD 1\r\nFOLD INBOX\r\nREAD\r\nQUIT\r\nQUIT\r\n
S #2
S ={one:\d+}
S Return-Path: ...
S* Subject: one
S 
S .a
S ..
S first
S ={one}
S Return-Path: ...
S* first
S ={two:\d+}
S* second
S =0
S ={one}
S #1
S ={one}
S + Good bye
S!
open pop2 again
S + POP2 ...
C> HELO {user} {password}\r\nREAD\r\nRETR\r\nACKD\r\nNOOP\r\nQUIT\r\n
S #1
S ={one}
S* first
S =0
S - Unknown command
S!
open pop2 third
S + POP2 ...
C HELO {user} {password}
S #1
C QUIT
S + ...
S!
