# A silent client is left without a word, and nothing is deleted.
setting pop3_timeout = 1s
mail
Subject: stays

.
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK Logged in, 1 messages
C DELE 1
S +OK...
S!
open pop3 again
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK Logged in, 1 messages
C QUIT
S +OK...
