// Load balancing of Kubernetes Services.
#include <linux/bpf.h>

#define SEC(name) __attribute__((section(name), used))

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Lets every connection go where it was sent. */
SEC("cgroup/connect4")
int lb_connect4(struct bpf_sock_addr *context)
{
	(void)context;
	return 1;
}
