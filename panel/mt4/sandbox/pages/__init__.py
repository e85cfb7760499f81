"""The control page: what the server thinks, for a person in a browser on this machine.

Plain pages made here, that work without a script; with one, the live part of each is fetched anew
every two seconds. Whatever can be done here can be done with a form.
"""
