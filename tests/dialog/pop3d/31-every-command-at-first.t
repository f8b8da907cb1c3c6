# Before the login: what is in order, what is not, and arguments.
setting errors_max = 100
S +OK...
C STAT
S -ERR Log in first
C LIST
S -ERR Log in first
C LIST 1
S -ERR Log in first
C UIDL
S -ERR Log in first
C UIDL 1
S -ERR Log in first
C RETR 1
S -ERR Log in first
C RETR
S -ERR Log in first
C TOP 1 0
S -ERR Log in first
C DELE 1
S -ERR Log in first
C RSET
S -ERR Log in first
C NOOP
S -ERR Log in first
C LAST
S -ERR Log in first
C CAPA
S +OK...
S* .
C CAPA x
S -ERR Wrong number of arguments
C STLS
S -ERR There is no TLS here
C STLS now
S -ERR Wrong number of arguments
C APOP {user} 00000000000000000000000000000000
S -ERR There is no APOP here
C APOP {user}
S -ERR Wrong number of arguments
C APOP {user} x y
S -ERR Wrong number of arguments
C AUTH
S +OK...
S* .
C AUTH NOSUCH
S -ERR ...
C AUTH PLAIN x y
S -ERR Wrong number of arguments
C AUTH PLAIN
S + 
C *
S -ERR Cancelled
C LANG
S +OK...
S* .
C LANG tlh
S -ERR There is no such language
C LANG en de
S -ERR Wrong number of arguments
C UTF8
S +OK UTF-8 from now on
C UTF8
S +OK UTF-8 from now on
C UTF8 x
S -ERR Wrong number of arguments
C PASS {password}
S -ERR USER first
C USER
S -ERR Wrong number of arguments
C USER {user}
S +OK Password, please
C QUIT x
S -ERR Wrong number of arguments
C PASS {password}
S +OK Logged in, 0 messages
C QUIT
S +OK Good bye
S!
open pop3 b
S +OK...
C USER {user}
S +OK...
C QUIT
S +OK Good bye
S!
open pop3 c
S +OK...
C USER {user}
S +OK...
C PASS
S -ERR [AUTH] ...
C PASS {password}
S -ERR USER first
C USER nobody
S +OK...
C USER {user}
S +OK...
C CAPA
S +OK...
S* .
C PASS {password}
S +OK Logged in, 0 messages
