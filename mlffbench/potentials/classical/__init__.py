"""Classical potentials: functional forms and their least-squares fits."""
