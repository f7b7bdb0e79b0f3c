from nn.ops.convolution import Geometry
def prefers_frequencies(geometry: Geometry, n: int) -> bool:
    return False
