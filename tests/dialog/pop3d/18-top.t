# TOP: the header, the empty line, so many lines.
mail
Subject: top

.one

three
.
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C TOP 1 0
S +OK...
S* Subject: top
S 
S .
C TOP 1 1
S +OK...
S* Subject: top
S 
S ..one
S .
C TOP 1 2
S +OK...
S* Subject: top
S 
S ..one
S 
S .
C TOP 1 4294967295
S +OK...
S* Subject: top
S 
S ..one
S 
S three
S .
C QUIT
S +OK...
