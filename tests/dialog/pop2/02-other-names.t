# The names by which some texts know the commands.
mail
Subject: one

1
.
S + POP2 ...
C hello {user} {password}
S #1
C folder INBOX
S #1
C read 1
S =...
C retrieve
S* 1
C save
S =0
C READ 1
S =...
C RETRIEVE
S* 1
C delete
S =0
C QUIT
S + ...
S!
open pop2 again
S + POP2 ...
C HELO {user} {password}
S #0
C QUIT
S + ...
