# LAST of old clients, and \Seen of what was fetched, given at QUIT.
mail
Subject: one

first
.
mail
Subject: two

second
.
mail
Subject: three

third
.
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C LAST
S +OK 0
C TOP 3 0
S +OK...
S* .
C LAST
S +OK 0
C RETR 2
S +OK...
S* .
C LAST
S +OK 2
C RSET
S +OK...
C LAST
S +OK 0
C QUIT
S +OK...
S!
open imap
S * OK ...
C a LOGIN {user} {password}
S a OK ...
C b SELECT INBOX
S* b OK ...
C c SEARCH SEEN
S * SEARCH 2
S c OK ...
C d LOGOUT
S* d OK ...
open pop3 again
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C LAST
S +OK 2
C RETR 1
S +OK...
S* .
C LAST
S +OK 2
C RETR 3
S +OK...
S* .
C LAST
S +OK 3
eof
S!
open imap later
S * OK ...
C a LOGIN {user} {password}
S a OK ...
C b EXAMINE INBOX
S* b OK ...
C c SEARCH SEEN
S * SEARCH 2
S c OK ...
