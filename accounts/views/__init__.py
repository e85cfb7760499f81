"""The pages of this app: the list, the pages about one account, the forms."""
