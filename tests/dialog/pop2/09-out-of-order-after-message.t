# A message was sent: it wants to be acknowledged before all else, and who does
# not do so has deleted nothing.
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
C HELO {user} {password}
S - HELO is out of order
S!
open pop2 c1
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C hello {user} {password}
S - HELO is out of order
S!
open pop2 c2
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C FOLD INBOX
S - FOLD is out of order
S!
open pop2 c3
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C folder INBOX
S - FOLD is out of order
S!
open pop2 c4
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C READ 1
S - READ is out of order
S!
open pop2 c5
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C retr
S - RETR is out of order
S!
open pop2 c6
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C RETRIEVE
S - RETR is out of order
S!
open pop2 c7
S + POP2 ...
C HELO {user} {password}
S #1
C READ
S =...
C RETR
S* 1
C quit
S - QUIT is out of order
S!
open pop2 c8
S + POP2 ...
C HELO {user} {password}
S #1
C READ 1
S =...
C QUIT
S + ...
S!
