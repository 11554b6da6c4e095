"""The native engine: the network as compiled loops, without TensorFlow's graphs."""
