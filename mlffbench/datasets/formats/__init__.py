"""File formats: extended XYZ, npz, ASE databases and whatever else ASE reads -> frames and labels."""
