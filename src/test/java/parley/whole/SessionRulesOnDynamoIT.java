package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link SessionRulesIT} with DynamoDB as the store. */
@ExtendWith(OnDynamo.class)
class SessionRulesOnDynamoIT extends SessionRulesIT {}
