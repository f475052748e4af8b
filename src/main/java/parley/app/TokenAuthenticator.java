package parley.app;

import java.util.concurrent.CompletionStage;
import parley.auth.AccessTokens;
import parley.auth.Secret;
import parley.auth.Verified;
import parley.session.Authenticator;

/** Access tokens as a session judges them. */
record TokenAuthenticator(AccessTokens tokens) implements Authenticator {
  @Override
  public CompletionStage<? extends Verdict> verify(String token) {
    return tokens
        .verify(new Secret(token))
        .thenApply(
            verified ->
                switch (verified) {
                  case Verified.Principal p ->
                      new Accepted(
                          p.userId(),
                          p.username(),
                          p.expiresAt().toEpochMilli(),
                          p.external(),
                          p.sid());
                  case Verified.Rejected rejected -> new Rejected();
                  case Verified.Unavailable unavailable -> new Unavailable();
                });
  }
}
