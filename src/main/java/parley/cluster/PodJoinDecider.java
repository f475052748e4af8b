package parley.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrapSettings;
import org.apache.pekko.management.cluster.bootstrap.JoinDecision;
import org.apache.pekko.management.cluster.bootstrap.JoinSelf;
import org.apache.pekko.management.cluster.bootstrap.KeepProbing;
import org.apache.pekko.management.cluster.bootstrap.LowestAddressJoinDecider;
import org.apache.pekko.management.cluster.bootstrap.SeedNodesInformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.settings.HostPort;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * Decides whether a pod joins a cluster or forms one. The library's rule, and one condition before
 * a new cluster: the pods that have answered are more than half of the replicas that the
 * StatefulSet has at that moment. So nobody changes a setting when the number of replicas changes,
 * by hand or by an autoscaler.
 *
 * <p>The Kubernetes API is asked only by a pod that would form a cluster. Without its answer the
 * pod forms none and asks again at its next decision, a second later. A pod that finds a cluster
 * joins it, whatever the StatefulSet says.
 *
 * <p>Pekko creates it by the class name in {@code parley-kubernetes.conf}. Address, token and
 * namespace of the API are those of the library's discovery. The token is read for each call,
 * because Kubernetes replaces it.
 */
public final class PodJoinDecider extends LowestAddressJoinDecider {
  private static final Logger LOG = LoggerFactory.getLogger(PodJoinDecider.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final String API = "pekko.discovery.kubernetes-api";

  /** What the library has as the namespace until somebody sets one. */
  private static final String NO_NAMESPACE = "<pod-namespace>";

  private final Config config;
  private final String statefulSet;

  /** Called by the library, which looks for this signature. */
  public PodJoinDecider(ActorSystem system, ClusterBootstrapSettings settings) {
    super(system, settings);
    this.config = system.settings().config();
    this.statefulSet = config.getString("parley.cluster.stateful-set");
  }

  @Override
  public Future<JoinDecision> decide(SeedNodesInformation info) {
    Future<JoinDecision> decision = super.decide(info);
    if (statefulSet.isEmpty()) {
      return decision;
    }
    int answered = info.getSeedNodesObservations().size();
    return FutureConverters.asScala(
        FutureConverters.asJava(decision).thenCompose(join -> unlessTooFew(join, answered)));
  }

  private CompletionStage<JoinDecision> unlessTooFew(JoinDecision decision, int answered) {
    if (!decision.equals(JoinSelf.getInstance())) {
      return CompletableFuture.completedFuture(decision);
    }
    return replicas()
        .thenApply(
            replicas -> {
              if (answered > replicas / 2) {
                return decision;
              }
              LOG.info(
                  "No new cluster: {} pods have answered, and the StatefulSet {} has {} replicas",
                  answered,
                  statefulSet,
                  replicas);
              return KeepProbing.getInstance();
            })
        .exceptionally(
            failure -> {
              LOG.warn(
                  "No new cluster: the Kubernetes API does not say how many replicas {} has: {}",
                  statefulSet,
                  String.valueOf(failure.getCause() == null ? failure : failure.getCause()));
              return KeepProbing.getInstance();
            });
  }

  /** The number of replicas that the StatefulSet is to have now. */
  private CompletionStage<Integer> replicas() {
    HttpClient client;
    HttpRequest request;
    try {
      client =
          HttpClient.newBuilder()
              .sslContext(trusting(file("api-ca-path")))
              .connectTimeout(TIMEOUT)
              .build();
      request =
          HttpRequest.newBuilder(address())
              .timeout(TIMEOUT)
              .header("Authorization", "Bearer " + Files.readString(file("api-token-path")).strip())
              .build();
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      return CompletableFuture.failedFuture(e);
    }
    return client
        .sendAsync(request, HttpResponse.BodyHandlers.ofString())
        .thenApply(PodJoinDecider::replicas)
        .whenComplete((replicas, failure) -> client.shutdown());
  }

  private static int replicas(HttpResponse<String> answer) {
    try {
      int replicas =
          answer.statusCode() == 200
              ? JSON.readTree(answer.body()).at("/spec/replicas").asInt(-1)
              : -1;
      if (replicas < 0) {
        throw new IllegalStateException("it answers " + answer.statusCode());
      }
      return replicas;
    } catch (IOException e) {
      throw new IllegalStateException("its answer is no JSON", e);
    }
  }

  private URI address() throws IOException {
    HostPort api =
        new HostPort(
            environment("api-service-host-env-name"),
            Integer.parseInt(environment("api-service-port-env-name")));
    String named = config.getString(API + ".pod-namespace");
    String namespace =
        named.equals(NO_NAMESPACE) ? Files.readString(file("pod-namespace-path")).strip() : named;
    return URI.create(
        "https://"
            + api
            + "/apis/apps/v1/namespaces/"
            + namespace
            + "/statefulsets/"
            + statefulSet);
  }

  private String environment(String key) {
    String name = config.getString(API + "." + key);
    String value = System.getenv(name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is not set");
    }
    return value;
  }

  private Path file(String key) {
    return Path.of(config.getString(API + "." + key));
  }

  private static SSLContext trusting(Path ca) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream file = Files.newInputStream(ca)) {
      int number = 0;
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
        trusted.setCertificateEntry("ca-" + number++, one);
      }
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }
}
