# So many errors and no more.
setting errors_max = 3
S +OK...
C A
S -ERR Unknown command
C B
S -ERR Unknown command
C C
S -ERR Unknown command
S -ERR Too many errors
S!
