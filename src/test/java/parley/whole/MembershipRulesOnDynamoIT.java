package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link MembershipRulesIT} with DynamoDB as the store. */
@ExtendWith(OnDynamo.class)
class MembershipRulesOnDynamoIT extends MembershipRulesIT {}
