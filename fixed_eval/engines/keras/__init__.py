"""The engine of the protocols whose network Keras builds."""
