# After the login: what is in order, what is not, and arguments.
setting errors_max = 100
mail
Subject: one

1
.
mail
Subject: two

2
.
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK Logged in, 2 messages
C USER {user}
S -ERR Logged in already
C PASS {password}
S -ERR Logged in already
C APOP {user} 00000000000000000000000000000000
S -ERR Logged in already
C AUTH
S -ERR Logged in already
C AUTH PLAIN
S -ERR Logged in already
C STLS
S -ERR Logged in already
C UTF8
S -ERR Logged in already
C LANG de
S +OK de Ab jetzt Deutsch
C NOOP
S +OK Noch da
C LANG i-default
S +OK ...
C CAPA
S +OK...
S* .
C STAT
S +OK 2 {all:\d+}
C STAT 1
S -ERR Wrong number of arguments
C LIST
S +OK 2 messages ({all} octets)
S 1 {one:\d+}
S 2 {two:\d+}
S .
C LIST 1
S +OK 1 {one}
C LIST 3
S -ERR There are only 2 messages
C LIST 0
S -ERR There are only 2 messages
C LIST 1 2
S -ERR Wrong number of arguments
C LIST -1
S -ERR That is no message number
C LIST 1x
S -ERR That is no message number
C UIDL
S +OK...
S 1 {a}
S 2 {b}
S .
C UIDL 2
S +OK 2 {b}
C UIDL 3
S -ERR There are only 2 messages
C UIDL x
S -ERR That is no message number
C UIDL 1 2
S -ERR Wrong number of arguments
C RETR
S -ERR Wrong number of arguments
C RETR 3
S -ERR There are only 2 messages
C RETR 1 2
S -ERR Wrong number of arguments
C RETR 1
S +OK {one} octets
S* 1
S .
C TOP
S -ERR Wrong number of arguments
C TOP 1
S -ERR Wrong number of arguments
C TOP 1x 0
S -ERR That is no message number
C TOP 1 0x
S -ERR That is no number of lines
C TOP 1 -1
S -ERR That is no number of lines
C TOP 3 0
S -ERR There are only 2 messages
C TOP 1 0 0
S -ERR Wrong number of arguments
C TOP 2 0
S +OK...
S* 
S .
C LAST
S +OK 1
C LAST 1
S -ERR Wrong number of arguments
C NOOP
S +OK...
C NOOP 1
S -ERR Wrong number of arguments
C DELE
S -ERR Wrong number of arguments
C DELE 0
S -ERR There are only 2 messages
C DELE 3
S -ERR There are only 2 messages
C DELE 1 2
S -ERR Wrong number of arguments
C DELE 1
S +OK Message 1 deleted
C DELE 1
S -ERR Message 1 is deleted
C RETR 1
S -ERR Message 1 is deleted
C TOP 1 0
S -ERR Message 1 is deleted
C LIST 1
S -ERR Message 1 is deleted
C UIDL 1
S -ERR Message 1 is deleted
C LIST
S +OK 1 messages ({two} octets)
S 2 {two}
S .
C UIDL
S +OK...
S 2 {b}
S .
C STAT
S +OK 1 {two}
C DELE 2
S +OK Message 2 deleted
C LIST
S +OK 0 messages (0 octets)
S .
C UIDL
S +OK...
S .
C STAT
S +OK 0 0
C RSET 1
S -ERR Wrong number of arguments
C QUIT 1
S -ERR Wrong number of arguments
C RSET
S +OK 2 messages ({all} octets)
C LIST 1
S +OK 1 {one}
C LAST
S +OK 0
C XTND XMIT
S -ERR Unknown command
C LISTX
S -ERR Unknown command
C \xff\x00
S -ERR Unknown command
C QUIT
S +OK Good bye
S!
open pop3 again
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK Logged in, 2 messages
