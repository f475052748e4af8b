package com.eatthepath.pushy.apns.server;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslContext;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSession;

/**
 * Builds pushy's mock server with one answer more: none, to one notification, while the others on
 * the same connection have theirs. Its own handler must answer or hold the whole connection, and
 * what would have to be overridden is visible in this package only.
 */
public final class SilentApnsServerBuilder extends MockApnsServerBuilder {
  private static final int STREAMS = 1_500;

  /** Thrown by a {@link PushNotificationHandler} that does not answer. */
  public static final class Silence extends RuntimeException {
    private static final long serialVersionUID = 1;

    public Silence() {
      super("no answer");
    }
  }

  private final PushNotificationHandlerFactory handlers;
  private final EventLoopGroup group;

  public SilentApnsServerBuilder(PushNotificationHandlerFactory handlers, EventLoopGroup group) {
    this.handlers = handlers;
    this.group = group;
    setHandlerFactory(handlers);
    setEventLoopGroup(group);
  }

  @Override
  protected MockApnsServer constructServer(SslContext ssl) {
    return new MockApnsServer(ssl, group, handlers, null, STREAMS, false) {
      @Override
      protected void addHandlersToPipeline(SSLSession session, ChannelPipeline pipeline) {
        PushNotificationHandler handler = handlers.buildHandler(session);
        pipeline.addLast(
            new MockApnsServerHandler.MockApnsServerHandlerBuilder() {
              @Override
              public MockApnsServerHandler build(
                  Http2ConnectionDecoder decoder,
                  Http2ConnectionEncoder encoder,
                  Http2Settings settings) {
                MockApnsServerHandler made = handler(decoder, encoder, settings, handler);
                frameListener(made);
                return made;
              }
            }.initialSettings(Http2Settings.defaultSettings().maxConcurrentStreams(STREAMS))
                .build());
      }
    };
  }

  private static MockApnsServerHandler handler(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      PushNotificationHandler handler) {
    AtomicBoolean silent = new AtomicBoolean();
    PushNotificationHandler noting =
        (headers, payload) -> {
          try {
            handler.handlePushNotification(headers, payload);
          } catch (Silence e) {
            silent.set(true);
          }
        };
    return new MockApnsServerHandler(decoder, encoder, settings, noting, null, false) {
      // Called with the answer, on the connection's thread, as soon as the handler is done.
      @Override
      public void write(ChannelHandlerContext to, Object message, ChannelPromise promise) {
        if (!silent.getAndSet(false)) {
          super.write(to, message, promise);
        }
      }
    };
  }
}
