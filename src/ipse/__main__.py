"""`python -m ipse`."""

from ipse.cli.main import main

main()
