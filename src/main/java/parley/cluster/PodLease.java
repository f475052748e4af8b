package parley.cluster;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.apache.pekko.coordination.lease.kubernetes.AbstractKubernetesLease;
import org.apache.pekko.coordination.lease.kubernetes.KubernetesApi;
import org.apache.pekko.coordination.lease.kubernetes.LeaseResource;
import org.apache.pekko.coordination.lease.kubernetes.internal.NativeKubernetesApiImpl;
import scala.concurrent.Future;
import scala.util.Either;

/**
 * The library's Kubernetes lease, always with the pod's current token. The library reads the token
 * when the lease is first used, and keeps it. Kubernetes replaces a token after about an hour and
 * then refuses the old one. So in a split more than an hour after the first, no side would get the
 * lease, and the whole cluster would end. Here each call reads the token's file again: a few small
 * reads from memory during a split, and none otherwise.
 *
 * <p>The split brain resolver creates the lease by the class name in {@code
 * parley-kubernetes.conf}.
 */
public final class PodLease extends AbstractKubernetesLease {
  private final ExtendedActorSystem system;

  /** Called by the library, which looks for this signature. */
  public PodLease(LeaseSettings settings, ExtendedActorSystem system) {
    super(system, new AtomicBoolean(false), settings);
    this.system = system;
  }

  /** Called while the superclass is constructed; the client is created at its first use. */
  @Override
  public KubernetesApi k8sApi() {
    return new ClientPerCall(() -> new NativeKubernetesApiImpl(system, k8sSettings()));
  }

  /** Creates a client for each call, because the client keeps the token. */
  private record ClientPerCall(Supplier<KubernetesApi> client) implements KubernetesApi {
    @Override
    public Future<LeaseResource> readOrCreateLeaseResource(String name) {
      return client.get().readOrCreateLeaseResource(name);
    }

    @Override
    public Future<Either<LeaseResource, LeaseResource>> updateLeaseResource(
        String leaseName, String clientName, String version, long time) {
      return client.get().updateLeaseResource(leaseName, clientName, version, time);
    }
  }
}
