"""Results for the programs that track experiments, through their public interfaces."""
