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
 * The lease of the library, with the pod's token as it is now. The library reads the token when the
 * lease is first used and keeps it; Kubernetes replaces a token after about an hour and then
 * refuses the old one, so the second split in the life of a node would find nobody entitled to go
 * on, and end the whole cluster. Here each call reads the token's file again: a few small reads
 * from memory while there is a split, and none otherwise.
 *
 * <p>Made by the split brain resolver, by the name in {@code parley-kubernetes.conf}.
 */
public final class PodLease extends AbstractKubernetesLease {
  private final ExtendedActorSystem system;

  /** As the library makes leases. */
  public PodLease(LeaseSettings settings, ExtendedActorSystem system) {
    super(system, new AtomicBoolean(false), settings);
    this.system = system;
  }

  /** Called while the superclass is being constructed; the client is made at the first use. */
  @Override
  public KubernetesApi k8sApi() {
    return new Anew(() -> new NativeKubernetesApiImpl(system, k8sSettings()));
  }

  /** Makes the client for each call; it is the client that keeps the token. */
  private record Anew(Supplier<KubernetesApi> client) implements KubernetesApi {
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
