# Every command of RFC 1939 but APOP.
mail
Subject: one

.. begins with a dot
.
mail
Subject: two

second
.
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C STAT
S +OK 2 {total:\d+}
C LIST
S +OK...
S 1 {one:\d+}
S 2 {two:\d+}
S .
C LIST 2
S +OK 2 {two}
C LIST 3
S -ERR ...
C UIDL
S +OK...
S 1 {uid1:\S{1,70}}
S 2 {uid2:\S{1,70}}
S .
C UIDL 1
S +OK 1 {uid1}
C RETR 1
S +OK...
S* Subject: one
S 
S ... begins with a dot
S .
C TOP 2 0
S +OK...
S* Subject: two
S 
S .
C DELE 1
S +OK...
C RETR 1
S -ERR ...
C LIST
S +OK...
S 2 {two}
S .
C RSET
S +OK...
C NOOP
S +OK...
C DELE 1
S +OK...
C QUIT
S +OK...
S!
open pop3 again
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C UIDL
S +OK...
S 1 {uid2}
S .
C QUIT
S +OK...
