# Who only errs is sent away.
setting errors_max = 3
S 220 ...
C EHLO client.test
S* 250 HELP
C ONE
S 500 5.5.2 ...
C TWO
S 500 5.5.2 ...
C THREE
S 500 5.5.2 ...
C NOOP
S 421 4.7.0 mail.example.test Too many errors
S!
