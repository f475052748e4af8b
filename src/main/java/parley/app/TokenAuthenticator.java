package parley.app;

import java.util.concurrent.CompletionStage;
import parley.auth.AccessTokens;
import parley.auth.Secret;
import parley.auth.TokenVerdict;
import parley.session.Authenticator;

/** Verifies access tokens for sessions. */
record TokenAuthenticator(AccessTokens tokens) implements Authenticator {
  @Override
  public CompletionStage<? extends Verdict> verify(String token) {
    return tokens
        .verify(new Secret(token))
        .thenApply(
            tokenVerdict ->
                switch (tokenVerdict) {
                  case TokenVerdict.Principal p ->
                      new Accepted(
                          p.userId(),
                          p.username(),
                          p.expiresAt().toEpochMilli(),
                          p.external(),
                          p.sid());
                  case TokenVerdict.Rejected rejected -> new Rejected();
                  case TokenVerdict.Unavailable unavailable -> new Unavailable();
                });
  }
}
