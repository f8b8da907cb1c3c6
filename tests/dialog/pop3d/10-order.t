# What is refused before and after the login, and what is not a command.
S +OK...
C STAT
S -ERR Log in first
C RETR 1
S -ERR Log in first
C NOOP
S -ERR Log in first
C PASS {password}
S -ERR USER first
C XYZZY
S -ERR Unknown command
C 
S -ERR Unknown command
C capa
S +OK...
S TOP
S UIDL
S USER
S SASL ...
S RESP-CODES
S AUTH-RESP-CODE
S PIPELINING
S UTF8 USER
S LANG
S EXPIRE NEVER
S IMPLEMENTATION Posthouse-...
S .
C uSeR {user}
S +OK...
C pAsS {password}
S +OK...
C USER {user}
S -ERR Logged in already
C STAT 1
S -ERR Wrong number of arguments
C CAPA
S +OK...
S* .
C QUIT
S +OK...
S!
