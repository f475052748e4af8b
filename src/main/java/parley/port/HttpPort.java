package parley.port;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.impl.engine.server.HttpAttributes;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.io.ChannelRegistry;
import org.apache.pekko.io.Inet;
import org.apache.pekko.io.SelectionHandler;
import org.apache.pekko.io.Tcp;
import org.apache.pekko.io.TcpExt;
import org.apache.pekko.io.TcpIncomingConnection;
import org.apache.pekko.io.TcpListener;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.TLSClosing;
import org.apache.pekko.stream.TLSProtocol;
import org.apache.pekko.stream.impl.io.IncomingConnectionStage;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.TLS;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;

/**
 * A port that serves HTTP/1.1, with bounds for connections, for the time of requests and for
 * silence.
 */
public final class HttpPort {
  /**
   * The certificate that a client has presented on a port that asks for one. The port has verified
   * it. Absent if the client presented none.
   */
  public static final AttributeKey<X509Certificate> CLIENT_CERTIFICATE =
      AttributeKey.create("parley-client-certificate", X509Certificate.class);

  private static final Duration SELECTOR_LOOKUP_TIMEOUT = Duration.ofSeconds(1);
  private static final int SELECTOR_LOOKUP_ATTEMPTS = 10;

  /** How long clients have to receive their last answer before their connections are cut. */
  private static final Duration LAST_ANSWER_GRACE = Duration.ofMillis(500);

  /** Builds the flow of a connection with TLS. */
  @FunctionalInterface
  private interface Encrypted {
    Flow<ByteString, ByteString, NotUsed> flow(Supplier<SSLEngine> engine);
  }

  private final ActorSystem<?> system;
  private final Function<HttpRequest, CompletionStage<HttpResponse>> handler;
  private final Supplier<HttpResponse> stopping;
  private final ServerSocketChannel listeningChannel;
  private final ServerSettings settings;
  private final PortMeters meters;
  private final OpenConnections openConnections;
  private final Materializer materializer;
  private final Flow<ByteString, ByteString, NotUsed> http;
  private final Encrypted encrypted;
  private final @Nullable Supplier<SSLEngine> engines;

  /** Calls without an answer; a connection has one or few. */
  private final Set<PendingCall> pendingCalls = ConcurrentHashMap.newKeySet();

  private HttpPort(Builder builder, ServerSettings settings, ServerSocketChannel listening) {
    this.system = builder.system;
    this.handler = builder.handler;
    this.stopping = builder.stopping;
    this.listeningChannel = listening;
    this.settings = settings;
    this.meters = builder.meters;
    this.openConnections = builder.openConnections;
    this.materializer = SystemMaterializer.get(system).materializer();
    // Built once for all connections: a blueprint per connection would cost memory while it is
    // idle.
    BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> layers =
        Http.get(system)
            .serverLayer(settings, Optional.empty(), system.classicSystem().log())
            .atop(
                BidiFlow.fromGraph(new RequestGuard(builder.limits, meters, unencryptedSession())));
    Flow<HttpRequest, HttpResponse, NotUsed> answers =
        Flow.of(HttpRequest.class).mapAsync(settings.getPipeliningLimit(), this::answer);
    this.http = answers.join(layers).withAttributes(Attributes.name("parley-port"));
    this.engines = builder.engines;
    this.encrypted =
        engine ->
            answers
                .join(layers.atop(encryption(engine)))
                .withAttributes(Attributes.name("parley-port"));
  }

  /** Builds a port. */
  public static final class Builder {
    private final ActorSystem<?> system;
    private final PortSettings limits;
    private final ConnectionCounts connectionCounts;
    private final PortMeters meters;
    private final OpenConnections openConnections;
    private Function<HttpRequest, CompletionStage<HttpResponse>> handler =
        request -> CompletableFuture.completedFuture(HttpResponse.create().withStatus(404));
    private @Nullable Supplier<SSLEngine> engines;
    private byte[] refusal = new byte[0];
    private Supplier<HttpResponse> stopping = () -> HttpResponse.create().withStatus(503);

    private Builder(ActorSystem<?> system, PortSettings limits) {
      this.system = system;
      this.limits = limits;
      this.connectionCounts = new ConnectionCounts(limits);
      this.meters = new PortMeters(connectionCounts::open, limits.connections());
      this.openConnections = new OpenConnections(connectionCounts, meters);
    }

    /** The limit for what proxies forward; for the code that inspects the requests. */
    public ForwardedLimit forwarded() {
      return openConnections;
    }

    /**
     * Sets the handler that answers requests. Its stages should not fail: a failure ends the
     * connection.
     */
    public Builder handler(Function<HttpRequest, CompletionStage<HttpResponse>> answers) {
      handler = answers;
      return this;
    }

    /**
     * Makes the port speak TLS only.
     *
     * @param perConnection creates the server side of each connection
     */
    public Builder encryption(Supplier<SSLEngine> perConnection) {
      engines = perConnection;
      return this;
    }

    /**
     * Sets what a connection beyond the limits receives before it is closed: a complete response as
     * bytes. Without this call it receives nothing.
     */
    public Builder refusal(byte[] response) {
      refusal = response.clone();
      return this;
    }

    /** Sets the answer to calls that have none when the deadline of {@link #terminate} passes. */
    public Builder stopping(Supplier<HttpResponse> response) {
      stopping = response;
      return this;
    }

    /**
     * Binds and serves.
     *
     * @param port 0 for any free port
     * @return fails if the port cannot be bound
     */
    public CompletionStage<HttpPort> bind(String host, int port) {
      ServerSettings settings = ServerSettings.create(system.classicSystem());
      try {
        ServerSocketChannel channel =
            Acceptor.bind(
                new InetSocketAddress(host, port),
                settings.getBacklog(),
                socket ->
                    settings
                        .getSocketOptions()
                        .forEach(option -> option.beforeServerSocketBind(socket)));
        HttpPort bound = new HttpPort(this, settings, channel);
        return bound.serve(connectionCounts, refusal).thenApply(done -> bound);
      } catch (IOException e) {
        return CompletableFuture.failedFuture(e);
      }
    }
  }

  /** Starts to build a port; nothing is bound yet. */
  public static Builder of(ActorSystem<?> system, PortSettings limits) {
    return new Builder(system, limits);
  }

  /**
   * Starts the accept loop. The library's I/O takes over each connection and gives it a selector
   * and an actor.
   */
  private CompletionStage<Done> serve(ConnectionCounts counts, byte[] refusal) {
    ExtendedActorSystem classic = (ExtendedActorSystem) system.classicSystem();
    TcpExt tcp = Tcp.get(classic);
    ActorRef intake =
        classic.systemActorOf(
            ConnectionRegistrar.props(openConnections, this::start), "port-" + address().getPort());
    return Patterns.retry(
            () ->
                classic
                    .actorSelection("/system/IO-TCP/selectors")
                    .resolveOne(SELECTOR_LOOKUP_TIMEOUT),
            SELECTOR_LOOKUP_ATTEMPTS,
            Duration.ofMillis(50),
            system)
        .thenApply(
            selectors -> {
              Acceptor acceptor =
                  new Acceptor(
                      listeningChannel,
                      counts,
                      meters,
                      refusal,
                      (remote, channel) ->
                          openConnections.add(
                              remote, channel, () -> register(tcp, selectors, intake, channel)),
                      pause -> LockSupport.parkNanos(pause.toNanos()));
              Thread.ofPlatform().daemon().name("accept-" + address().getPort()).start(acceptor);
              system.getWhenTerminated().thenRun(this::closeListening);
              return Done.done();
            });
  }

  private void register(TcpExt tcp, ActorRef selectors, ActorRef intake, SocketChannel channel) {
    scala.collection.immutable.Seq<Inet.SocketOption> options =
        CollectionConverters.asScala(settings.getSocketOptions()).toSeq();
    selectors.tell(
        new SelectionHandler.WorkerForCommand(
            new TcpListener.RegisterIncoming(channel),
            intake,
            (ChannelRegistry registry) ->
                Props.create(
                    TcpIncomingConnection.class, tcp, channel, registry, intake, options, true)),
        intake);
  }

  /** Starts the stream of a connection. */
  private void start(OpenConnection connection, ActorRef actor) {
    InetSocketAddress remote = connection.remote();
    Flow<ByteString, ByteString, NotUsed> bytes =
        Flow.fromGraph(new IncomingConnectionStage(actor, remote, false, () -> BoxedUnit.UNIT))
            // Reads one element ahead, so that the end is seen while the guard holds the last
            // bytes.
            .detach();
    bytes
        .join(
            layersOf(connection)
                .addAttributes(
                    Attributes.apply(new HttpAttributes.RemoteAddress(remote)).and(connection)))
        .run(materializer);
  }

  private Flow<ByteString, ByteString, NotUsed> layersOf(OpenConnection connection) {
    Supplier<SSLEngine> perConnection = engines;
    if (perConnection == null) {
      return http;
    }
    return encrypted.flow(
        () -> {
          SSLEngine engine = perConnection.get();
          connection.encryptedBy(engine);
          return engine;
        });
  }

  /** Adds the certificate of the client, if it has presented one. */
  private HttpRequest withCertificate(HttpRequest request) {
    OpenConnection connection = engines == null ? null : openConnections.ofRequest(request);
    X509Certificate certificate = connection == null ? null : connection.clientCertificate();
    return certificate == null ? request : request.addAttribute(CLIENT_CERTIFICATE, certificate);
  }

  private CompletionStage<HttpResponse> answer(HttpRequest request) throws Exception {
    boolean other = request.getHeader("Upgrade").isPresent();
    PendingCall pendingCall = new PendingCall(new CompletableFuture<>());
    CompletableFuture<HttpResponse> answer = pendingCall.answer;
    pendingCalls.add(pendingCall);
    handler
        .apply(withCertificate(request))
        .whenComplete(
            (response, failure) -> {
              pendingCalls.remove(pendingCall);
              if (other) {
                reportProtocolSwitch(request, response);
              }
              if (response == null) {
                answer.completeExceptionally(failure);
              } else {
                answer.complete(
                    openConnections.isFinishing() ? closingConnection(response) : response);
              }
            });
    return answer;
  }

  /** A call without an answer. A class, not a record: two calls are never equal. */
  private static final class PendingCall {
    final CompletableFuture<HttpResponse> answer;

    PendingCall(CompletableFuture<HttpResponse> answer) {
      this.answer = answer;
    }
  }

  /** Tells the connection whether it switches to another protocol, before the answer is sent. */
  private void reportProtocolSwitch(HttpRequest request, @Nullable HttpResponse response) {
    OpenConnection connection = openConnections.ofRequest(request);
    if (connection != null) {
      if (response != null && response.status().intValue() == 101) {
        connection.switchGranted();
      } else {
        connection.signal(OpenConnection.Signal.SWITCH_DECLINED);
      }
    }
  }

  private static HttpResponse closingConnection(HttpResponse response) {
    return response.status().intValue() == 101
        ? response
        : response.addHeader(Connection.create("close"));
  }

  /** The address on which the port listens, with the actual port number if 0 was requested. */
  public InetSocketAddress address() {
    return (InetSocketAddress) listeningChannel.socket().getLocalSocketAddress();
  }

  /** The counters of this port. */
  public PortMeters meters() {
    return meters;
  }

  /** Stops accepting connections; open connections go on. */
  public CompletionStage<Done> unbind() {
    closeListening();
    return CompletableFuture.completedFuture(Done.done());
  }

  private void closeListening() {
    try {
      listeningChannel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Ends all connections: idle ones at once, the others after their answer. At the deadline the
   * remaining calls are answered that the server stops. Connections that are still open 500 ms
   * later, above all sockets, are cut.
   */
  public CompletionStage<Done> terminate(Duration deadline) {
    closeListening();
    CompletableFuture<Done> gone = openConnections.finish().toCompletableFuture();
    runUnlessDone(
        deadline,
        () ->
            pendingCalls.forEach(
                pendingCall -> pendingCall.answer.complete(closingConnection(stopping.get()))),
        gone);
    runUnlessDone(deadline.plus(LAST_ANSWER_GRACE), openConnections::cut, gone);
    runUnlessDone(
        deadline.plus(LAST_ANSWER_GRACE.multipliedBy(2)), () -> gone.complete(Done.done()), gone);
    return gone;
  }

  private void runUnlessDone(Duration time, Runnable what, CompletableFuture<Done> unless) {
    system
        .scheduler()
        .scheduleOnce(
            time,
            () -> {
              if (!unless.isDone()) {
                what.run();
              }
            },
            system.executionContext());
  }

  /**
   * The TLS layer between the guard and the network. The guard sees decrypted bytes. Its deadline
   * for a head starts with the connection, so it bounds the handshake too.
   */
  private static BidiFlow<ByteString, ByteString, ByteString, ByteString, NotUsed> encryption(
      Supplier<SSLEngine> engines) {
    Flow<ByteString, TLSProtocol.SslTlsOutbound, NotUsed> out =
        Flow.of(ByteString.class).map(TLSProtocol.SendBytes::new);
    Flow<TLSProtocol.SslTlsInbound, ByteString, NotUsed> in =
        Flow.of(TLSProtocol.SslTlsInbound.class)
            .collectType(TLSProtocol.SessionBytes.class)
            .map(TLSProtocol.SessionBytes::bytes);
    return BidiFlow.fromFlows(out, in).atop(TLS.create(engines, TLSClosing.eagerClose()));
  }

  /** The session that the library expects with unencrypted bytes. */
  private static SSLSession unencryptedSession() {
    try {
      return SSLContext.getDefault().createSSLEngine().getSession();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has a default context", e);
    }
  }
}
