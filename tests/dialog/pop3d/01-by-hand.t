# A mailbox looked at by hand.
mail
From: tester@client.test
To: {user}
Subject: Hello

one
two
three
four
five
six
.
S +OK ...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C STAT
S +OK 1 {size:[0-9]+}
C TOP 1 5
S +OK...
S Return-Path: <tester@client.test>
S* Subject: Hello
S 
S one
S two
S three
S four
S five
S .
C QUIT
S +OK...
S!
