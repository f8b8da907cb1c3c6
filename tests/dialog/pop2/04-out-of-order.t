# A failed command ends the session.
S + POP2 ...
C READ
S - READ is out of order
S!
open pop2 a
S + POP2 ...
C HELO {user} wrong
S - ...
S!
open pop2 b
S + POP2 ...
C HELO {user} {password}
S #0
C RETR
S - RETR is out of order
S!
open pop2 c
S + POP2 ...
C HELO {user} {password}
S #0
C READ 0
S - ...
S!
open pop2 d
S + POP2 ...
C NOOP
S - Unknown command
S!
open pop2 e
S + POP2 ...
C HELO {x*600}
S - The line is too long
S!
open pop2 f
S + POP2 ...
C QUIT
S + ...
S!
