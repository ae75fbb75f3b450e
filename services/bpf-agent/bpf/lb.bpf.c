/* The load balancer's programs: which hook runs what. */
#include "lb_device.h"
#include "lb_origin.h"
#include "lb_socket.h"

char lb_license[] SEC("license") = "Dual BSD/GPL";

/* ---- Sockets of the cgroup ---- */

SEC("cgroup/connect4") int lb_connect4(struct bpf_sock_addr *context) { return to_backend(context, 4, 0); }
SEC("cgroup/connect6") int lb_connect6(struct bpf_sock_addr *context) { return to_backend(context, 6, 0); }
SEC("cgroup/sendmsg4") int lb_sendmsg4(struct bpf_sock_addr *context) { return to_backend(context, 4, 1); }
SEC("cgroup/sendmsg6") int lb_sendmsg6(struct bpf_sock_addr *context) { return to_backend(context, 6, 1); }
SEC("cgroup/recvmsg4") int lb_recvmsg4(struct bpf_sock_addr *context) { return to_frontend(context, 4); }
SEC("cgroup/recvmsg6") int lb_recvmsg6(struct bpf_sock_addr *context) { return to_frontend(context, 6); }
SEC("cgroup/getpeername4") int lb_getpeername4(struct bpf_sock_addr *context) { return to_frontend(context, 4); }
SEC("cgroup/getpeername6") int lb_getpeername6(struct bpf_sock_addr *context) { return to_frontend(context, 6); }
SEC("sockops") int lb_sockops(struct bpf_sock_ops *context) { return at_socket(context); }
SEC("cgroup/getsockopt") int lb_getsockopt(struct bpf_sockopt *context) { return tell_origin(context); }

/* ---- Packets at a device towards the outside; `tc`, since libbpf before 1.3 knows no tcx, to which they are attached all the same ---- */

SEC("tc") int lb_ingress(struct __sk_buff *skb) { return at_device(skb, HOOK_INGRESS); }
SEC("tc") int lb_egress(struct __sk_buff *skb) { return at_device(skb, HOOK_EGRESS); }
