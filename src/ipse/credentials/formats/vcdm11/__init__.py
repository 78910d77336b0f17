"""W3C credentials of data model 1.1, through didkit."""
