# EXPIRE 0: what was fetched goes at QUIT; what was only looked at stays.
setting pop3_expire = 0
mail
Subject: one

first
.
mail
Subject: two

second
.
S +OK...
C CAPA
S* EXPIRE 0
S* .
C USER {user}
S +OK...
C PASS {password}
S +OK...
C RETR 2
S +OK...
S* .
C TOP 1 5
S +OK...
S* .
C QUIT
S +OK...
S!
open pop3 again
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C STAT
S +OK 1 ...
C RETR 1
S +OK...
S* Subject: one
S* .
eof
S!
open pop3 later
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C STAT
S +OK 1 ...
