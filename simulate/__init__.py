"""Instances, networks, training and certification: what can be measured on small cases.

Data goes one way: an instance, a network trained or built for it, a certificate, a measured size.
"""

if __name__ == "simulate":
    raise ImportError("import this package as robustsize.simulate (run `pip install -e .` first)")
