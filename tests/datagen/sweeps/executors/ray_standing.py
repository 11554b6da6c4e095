"""Run by `test_ray.py` in a process of its own: a cluster of one node that stands until stdin ends.

    python ray_standing.py

prints its address.
"""

import sys

from ray.cluster_utils import Cluster

if __name__ == "__main__":
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    print(cluster.address, flush=True)
    sys.stdin.read()
    cluster.shutdown()
